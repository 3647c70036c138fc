"""Requests for customers to do something behind a link: in batches that follow one template, and single ones."""

from muster.kinds.workflow_batches.kind import NAME, SINGLE, WorkflowBatches, next_notice
from muster.kinds.workflow_batches.notices import NOTICES, WorkflowNotices

__all__ = ["NAME", "NOTICES", "SINGLE", "WorkflowBatches", "WorkflowNotices", "next_notice"]
