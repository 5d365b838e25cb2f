"""A script of PowerShell as the same commands for a shell; what has no like there is unknown.

Grammar: about_Parsing, about_Quoting_Rules, about_Operators, about_Splatting. Only literal values
are taken over; a value that is calculated, and whatever a condition rests on, is a gap.
"""
