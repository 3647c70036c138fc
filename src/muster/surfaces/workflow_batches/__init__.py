"""The door for clients of workflow batches."""
