# Chart discovery reads the queue of ECR's events, and the charts of which they tell.

resource "aws_iam_role" "chart_discovery" {
  name               = "${var.name_prefix}-chart-discovery-${var.chart_discovery_name}"
  description        = "Platz's chart discovery: reads ECR and the queue of its events."
  assume_role_policy = local.trust.chart_discovery
  tags               = var.tags
}

resource "aws_iam_role_policy" "chart_discovery" {
  name = "ecr-events"
  role = aws_iam_role.chart_discovery.id

  policy = templatefile("${path.module}/policies/chart-discovery.json.tftpl", {
    queue = jsonencode(aws_sqs_queue.ecr_events.arn)
  })
}
