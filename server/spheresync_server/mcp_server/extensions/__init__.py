"""Protocol extensions that the server declares: tasks and skills."""
