"""Batches of requests that follow one template: each entry becomes a text message with a link."""

from muster.kinds.workflow_batches.kind import NAME, WorkflowBatches

__all__ = ["NAME", "WorkflowBatches"]
