"""Alarms that leave the house: told in the transaction of what they are about, sent signed by a job."""
