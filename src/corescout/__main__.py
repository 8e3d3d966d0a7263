"""`python -m corescout` is the command `corescout`."""

from corescout.cli import main

if __name__ == "__main__":
    main()
