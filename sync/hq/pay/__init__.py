"""`storebox-hq pay`: headquarters take and return money for boxes, in a process of its own beside ledger and pages."""
