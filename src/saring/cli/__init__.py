"""The command line: arguments, commands, what people see."""
