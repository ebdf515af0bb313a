"""What a figure is, how a printed one is read, and when two of them disagree."""
