"""What a script or a notebook calls: whatever holds an image in, a result that shows itself out.

`calls` has `explore`, `load` and `apply`, `exploration` the result with its views and edits,
`inputs` what is taken as a scan. Nothing is imported here, as the command line needs `progress`.
"""
