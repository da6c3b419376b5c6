"""`storebox bench`: what this machine does, each figure beside the floor that the same machine sets in the same run."""
