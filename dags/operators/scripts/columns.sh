#!/bin/sh
# Rendered before it runs: of {{ ds }}. Values come by the environment, whatever is in them.
set -eu
head -1 "$FILE" | tr ',' '\n' | sort | head -n "$TSFLOW_PARAM_columns"
