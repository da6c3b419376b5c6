"""The data of the slips of setting up: one box before and after its enrolment."""

from dataclasses import replace

from agent.core.codes import self_test_code
from agent.core.receipt_setup import (
    DeviceFinding,
    DeviceRole,
    Invitation,
    NetworkFinding,
    NetworkLayer,
    SeenDevice,
    SeenNetwork,
    SelfTest,
)

SELF_TEST = SelfTest(
    box="SB-7K2M-QX",
    version="1.4.0",
    name="receipt1",
    till="1",
    model="POS58",
    line="串口 115200",
    store="S001",
    branch="人民路店",
    code=self_test_code(bytes(range(16))),
)
SELF_TEST_80MM = replace(SELF_TEST, model="TM-T88", line="USB 04b8:0e15", firmware="1.06")

INVITATION = Invitation(
    box="SB-7K2M-QX",
    version="1.4.0",
    clock_set=False,
    devices=(
        SeenDevice(DeviceRole.RECEIPT_PRINTER, DeviceFinding.GOOD, "/dev/usb/lp0"),
        SeenDevice(DeviceRole.SCANNER, DeviceFinding.GOOD, "Newland 串口"),
        SeenDevice(DeviceRole.DRAWER, DeviceFinding.ON_PRINTER),
        SeenDevice(DeviceRole.KITCHEN_PRINTER, DeviceFinding.NOT_FOUND),
    ),
    networks=(
        SeenNetwork(NetworkLayer.CABLE, NetworkFinding.ADDRESS),
        SeenNetwork(NetworkLayer.INTERNET, NetworkFinding.LOGIN_PAGE),
        SeenNetwork(NetworkLayer.HEADQUARTERS, NetworkFinding.UNTRIED),
    ),
    store="S001",
    help_phone="400-000-0000",
)
