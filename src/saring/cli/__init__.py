"""The command line: arguments, commands, what people see."""

__all__ = ["arguments", "commands", "lines", "show", "terminal"]
