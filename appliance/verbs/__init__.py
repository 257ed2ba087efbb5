"""What the command `siaga` can do: one module a verb, with `main(arguments) -> exit status`."""
