"""Corescout for agents: a server of the Model Context Protocol over stdin and stdout.

It reads scans, runs and days in the folders that were named when it was started, explores,
explains, and writes runs and plans of visits into one folder of its own. No tool approves, arms or
moves anything: a plan is a file that waits for a person.

What stands where: `words` bounds text from files, `places` finds files in the named folders,
`guard` refuses connections, programs and writes elsewhere to the whole process, `arguments` says
what a tool takes, `tools` is the table of tools, `looking`, `exploring`, `predicting` and
`proposing` do them, `pictures` draws, `lanes` does one thing at a time within its time, `notes`
keeps the journal, and `server` speaks the protocol.
"""
