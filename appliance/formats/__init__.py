"""What is said to the world outside and what it says back: CloudEvents, CAP words, SMS."""
