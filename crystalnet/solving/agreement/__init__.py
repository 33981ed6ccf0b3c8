"""How well a computed pattern agrees with the measured one."""
