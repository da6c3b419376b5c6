"""What is wrong with this box, and what support needs to see of it: examinations, slips of them, drill, bundle."""
