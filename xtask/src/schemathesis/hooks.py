"""Keeps a run from harming itself or the machine, and lets good requests land.

What is wrong with a request on purpose stays wrong; only what no description can say is put right.
"""

import itertools
import os
import re
from datetime import datetime, timedelta, timezone

import schemathesis

OWNER = os.environ["PLIMSOLL_OWNER"]
FOLDER = os.environ["PLIMSOLL_FOLDER"]
SLI = "checkout-good"
SERVICE = "checkout"
NAMES = {
    "policy": "house",
    "promise": "checkout-promise",
    "service": SERVICE,
    "sli": SLI,
    "slo": "checkout-availability",
}
KEY = re.compile(r"[!-~]{1,200}", re.ASCII)
NUMBERS = itertools.count()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)


def minute(ago):
    """A whole minute of the recent past."""
    time = datetime.now(timezone.utc) - timedelta(minutes=ago)
    return time.strftime("%Y-%m-%dT%H:%M:00Z")


def is_time(value):
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def is_name(value):
    return value is None or isinstance(value, str)


@schemathesis.hook
def before_call(context, case, kwargs):
    handle = (case.path_parameters or {}).get("handle")
    if handle == OWNER:
        # Nobody who runs it is erased.
        case.path_parameters["handle"] = "nobody"
    key = (case.headers or {}).get("Idempotency-Key")
    is_wrong = case.meta is not None and case.meta.generation.mode.is_negative
    if isinstance(key, str) and KEY.fullmatch(key) and not is_wrong:
        # A key that came before repeats an answer about what may be gone since. Of what is wrong nothing is done; and
        # a request of which a field is missing counts as whole once its other fields are changed.
        case.headers["Idempotency-Key"] = f"{key}-{next(NUMBERS)}"
    if not is_wrong:
        find(case.path_parameters or {})
    body = case.body
    if not isinstance(body, dict):
        return
    if case.path == "/api/v1/exceptions" and not is_wrong:
        # It covers one of the three.
        body.update(service=SERVICE, all=True, changes=None, kinds=None, reason="it must go out")
        due = (datetime.now(timezone.utc) + timedelta(days=7)).strftime("%Y-%m-%d")
        body["payback"] = {"action": "mend it", "owner": OWNER, "due": due}
    if case.path == "/api/v1/changes" and not is_wrong:
        body["service"] = SERVICE
    to = body.get("to")
    if case.path == "/api/v1/backups" and isinstance(to, str) and to.startswith("/"):
        body["to"] = f"{FOLDER}/backup-{len(os.listdir(FOLDER))}"
    if is_time(body.get("from")) and is_time(to):
        body["from"], body["to"] = minute(ago=90), minute(ago=60)
        if is_name(body.get("sli")) and is_name(body.get("service")):
            body["sli"], body["service"] = SLI, None
    batches = body["batches"] if isinstance(body.get("batches"), list) else [body]
    for batch in (batch for batch in batches if isinstance(batch, dict)):
        land(batch, case.path)


def find(parameters):
    """Every other time, what is there."""
    for parameter, name in NAMES.items():
        if parameter in parameters and next(NUMBERS) % 2:
            parameters[parameter] = name


def land(batch, path):
    """Samples of minutes that are kept, of an SLI that is there."""
    minutes = batch.get("minutes")
    for at, sample in enumerate(minutes if isinstance(minutes, list) else []):
        if isinstance(sample, dict) and is_time(sample.get("minute")):
            sample["minute"] = minute(ago=10 + at)
    if path == "/api/v1/samples" and isinstance(batch.get("sli"), str):
        batch["sli"] = SLI
