"""An SMSC to rehearse with: the other end of the SMPP channel for tests, benchmarks and the demonstration."""

from muster.drill.smsc.arrivals import Arrival
from muster.drill.smsc.options import IdStyle, ReceiptStyle, SmscOptions
from muster.drill.smsc.people import Said
from muster.drill.smsc.server import Smsc

__all__ = ["Arrival", "IdStyle", "ReceiptStyle", "Said", "Smsc", "SmscOptions"]
