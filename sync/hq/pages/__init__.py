"""What people of headquarters see: pages for accountants, lead accountants, fleet and auditors."""
