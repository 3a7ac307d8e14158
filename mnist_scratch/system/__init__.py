"""What the program needs of the machine: files, locks, signals, threads, text for terminals."""
