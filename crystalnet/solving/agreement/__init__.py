"""How well a computed pattern agrees with the measured one.

The measure is Rwp of profiles at the best scale and displacement (`profile`); `arrangements` takes
it of many arrangements of atoms at once. The search goes by areas of lines instead, which need no
profiles (`line_intensities`), and hands what it finds to the measure.
"""
