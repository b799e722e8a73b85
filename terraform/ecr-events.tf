# Pushes and deletions of charts come from EventBridge into a queue, which chart discovery reads.

resource "aws_cloudwatch_event_rule" "ecr_events" {
  name        = "${var.name_prefix}-chart-discovery"
  description = "Images that were pushed to ECR or deleted from it, for Platz."
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.ecr"]
    "detail-type" = ["ECR Image Action"]
    detail = {
      "action-type" = ["PUSH", "DELETE"]
      result        = ["SUCCESS"]
    }
  })
}

resource "aws_cloudwatch_event_target" "ecr_events" {
  rule = aws_cloudwatch_event_rule.ecr_events.name
  arn  = aws_sqs_queue.ecr_events.arn

  dead_letter_config {
    arn = aws_sqs_queue.ecr_events_dead_letters.arn
  }
}

resource "aws_sqs_queue" "ecr_events" {
  name                      = "${var.name_prefix}-chart-discovery"
  message_retention_seconds = 1209600
  receive_wait_time_seconds = 20
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  # Platz leaves a message in the queue while AWS, the registry or the database is away, and drops by itself what it can't
  # understand. So only what failed for hours (1000 times, 30 s apart) is put aside.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.ecr_events_dead_letters.arn
    maxReceiveCount     = 1000
  })
}

resource "aws_sqs_queue" "ecr_events_dead_letters" {
  name                      = "${var.name_prefix}-chart-discovery-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "ecr_events" {
  for_each = {
    events       = aws_sqs_queue.ecr_events
    dead_letters = aws_sqs_queue.ecr_events_dead_letters
  }

  queue_url = each.value.id

  policy = templatefile("${path.module}/policies/queue.json.tftpl", {
    queue = jsonencode(each.value.arn)
    rule  = jsonencode(aws_cloudwatch_event_rule.ecr_events.arn)
  })
}
