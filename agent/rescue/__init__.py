"""When a box dies: history from headquarters, old disks, hand-over stick, warm copy, spare; and retirement."""
