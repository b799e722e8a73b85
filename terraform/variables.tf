variable "name_prefix" {
  description = "Begins the names of the queue, the rule and the roles; Platz's queue is <name_prefix>-chart-discovery."
  type        = string
  default     = "platz"
}

variable "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of the EKS cluster in which Platz runs: its service accounts get the roles."
  type        = string
}

variable "namespace" {
  description = "Namespace in which Platz is installed."
  type        = string
  default     = "platz"
}

variable "release_name" {
  description = "Name of the Helm release of Platz: it begins the names of the service accounts."
  type        = string
  default     = "platz"
}

variable "k8s_agent_name" {
  description = "Name of the agent's instance; its service account is <release_name>-k8s-agent-<k8s_agent_name>."
  type        = string
  default     = "default"
}

variable "chart_discovery_name" {
  description = "Name of the instance of chart discovery; its service account is <release_name>-chart-discovery-<chart_discovery_name>."
  type        = string
  default     = "default"
}

variable "further_service_accounts" {
  description = "Service accounts of the namespace that get every role, too: that of a Platz whose roles run in one Deployment."
  type        = list(string)
  default     = []
}

variable "assumed_role_arns" {
  description = "Roles of other AWS accounts whose EKS clusters Platz finds (PLATZ_EKS_ROLE_ARNS)."
  type        = list(string)
  default     = []
}

variable "oidc_ssm_parameter_prefix" {
  description = "SSM parameters below this path hold the settings of the identity provider: server-url, client-id, client-secret."
  type        = string
  default     = "/platz/oidc"
}

variable "oidc_kms_key_arns" {
  description = "KMS keys of your own that encrypt the client secret; empty if AWS's key for SSM does."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
}
