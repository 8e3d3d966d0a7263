"""What is found on surfaces whose types are known."""
