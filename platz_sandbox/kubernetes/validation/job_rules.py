"""The rules of Jobs and CronJobs.

Source: Kubernetes API reference, batch/v1.
"""

from __future__ import annotations

import zoneinfo

from platz_sandbox.kubernetes.objects.raw_documents import dig
from platz_sandbox.kubernetes.objects.selectors import selects
from platz_sandbox.kubernetes.validation.checks import at_least, one_of, required
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.pod_rules import pod_template
from platz_sandbox.kubernetes.validation.schedules import BadSchedule, check_schedule
from platz_sandbox.kubernetes.validation.tables import row, table

_LABELS = ("batch.kubernetes.io/controller-uid",)


def _ends(place: Place) -> Causes:
    policy = place.at("restartPolicy")
    if policy.value in {None, "", "Always"}:
        yield policy.required('valid values: "OnFailure", "Never"')
    elif policy.value not in {"OnFailure", "Never"}:
        yield policy.unsupported(("OnFailure", "Never"))
    elif dig(place.root, "spec", "podFailurePolicy") and policy.value != "Never":
        yield policy.invalid('only "Never" is supported when podFailurePolicy is specified')


def _indexed(place: Place) -> Causes:
    if place.at("completionMode").value == "Indexed" and place.at("completions").value is None:
        yield place.at("completions").required("when completion mode is Indexed")


JOB_SPEC = table(
    row("parallelism", at_least(0)),
    row("completions", at_least(0)),
    row("activeDeadlineSeconds", at_least(0)),
    row("backoffLimit", at_least(0)),
    row("ttlSecondsAfterFinished", at_least(0)),
    row("completionMode", one_of("NonIndexed", "Indexed")),
    row("", _indexed),
    row("podFailurePolicy.rules[*].action", required, one_of("Count", "FailIndex", "FailJob", "Ignore")),
    row("template", pod_template),
    row("template.spec", _ends),
)


def _selector(place: Place) -> Causes:
    """The selector is made from the Job's uid unless the Job says that it brings its own."""
    selector, found = place.at("selector"), place.at("template", "metadata", "labels")
    labels = found.fields
    uid = place.root["metadata"].get("uid")
    if not place.at("manualSelector").value and dig(selector.value, "matchLabels") != dict.fromkeys(
        _LABELS, uid
    ):
        yield selector.invalid("`selector` not auto-generated")
    if not selects(selector.fields, labels):
        yield found.invalid("`selector` does not match template `labels`", shown=found.value)


JOB = table(row("spec", JOB_SPEC, _selector))


def _schedule(place: Place) -> Causes:
    if place.missing:
        yield place.required()
    elif place.value.startswith(("TZ=", "CRON_TZ=")):
        yield place.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    else:
        try:
            check_schedule(place.value)
        except BadSchedule as error:
            yield place.invalid(str(error))


def _time_zone(place: Place) -> Causes:
    if place.value is None:
        return
    if place.value == "":
        yield place.invalid("timeZone must be nil or non-empty string")
    elif place.value.lower() == "local":
        yield place.invalid(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        )
    elif place.value not in zoneinfo.available_timezones():
        yield place.invalid(f"unknown time zone {place.value}")


def _no_selector(place: Place) -> Causes:
    if place.value is not None:
        yield place.invalid("`selector` will be auto-generated")


CRON_JOB = table(
    row("spec.schedule", _schedule),
    row("spec.timeZone", _time_zone),
    row("spec.startingDeadlineSeconds", at_least(0)),
    row("spec.concurrencyPolicy", one_of("Allow", "Forbid", "Replace")),
    row("spec.jobTemplate.spec", JOB_SPEC),
    row("spec.jobTemplate.spec.selector", _no_selector),
    row("spec.successfulJobsHistoryLimit", at_least(0)),
    row("spec.failedJobsHistoryLimit", at_least(0)),
)
