#!/bin/sh
# Prints how full the disk is and fails above LIMIT_PERCENT. Values come by the environment, so nothing has to be quoted.
set -eu
used=$(df -P . | awk 'NR == 2 { sub("%", "", $5); print $5 }')
echo "$HOUR: $used % of the disk is in use"
[ "$used" -le "$LIMIT_PERCENT" ] || { echo "more than $LIMIT_PERCENT %" >&2; exit 1; }
