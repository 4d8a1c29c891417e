"""Labels of discs: templates as data, drawing to an image, looking at what was printed.

The firmware uses `LabelDesk`, which draws and checks in a child process: Pillow, OpenCV and a font
with every Chinese character take more memory than the firmware may have.
"""

from appliance.labels.desk import LabelDesk
from appliance.labels.fields import LabelFields
from appliance.labels.orders import LabelFinding

__all__ = ["LabelDesk", "LabelFields", "LabelFinding"]
