"""Who works at headquarters, and what each may do."""
