"""What is made of issued documents: paper, and the monthly return."""
