#!/bin/sh
# Creates what Platz needs in an AWS account, or changes it: ./run-terraform.sh VARIABLES.tfvars [plan|apply|destroy]
#
# The state is kept where `terraform init` finds it: add a backend of your own in a file backend.tf beside this one.
set -eu

variables=${1:?"Name a file with variables, such as production.tfvars; README.md lists them."}
command=${2:-plan}

case $command in
plan | apply | destroy) ;;
*)
	echo "run-terraform.sh: $command is not plan, apply or destroy." >&2
	exit 2
	;;
esac
if ! [ -r "$variables" ]; then
	echo "run-terraform.sh: $variables can't be read." >&2
	exit 2
fi
if ! command -v terraform >/dev/null; then
	echo "run-terraform.sh: terraform is not installed." >&2
	exit 2
fi

variables=$(cd "$(dirname "$variables")" && pwd)/$(basename "$variables")
cd "$(dirname "$0")"
terraform init -input=false
terraform "$command" -var-file="$variables"
