# Shared by scripts/demo and scripts/test: steps that say what they do and hide
# their output in a log until something fails. Sourced, not run.
logs=${BYLAW_LOGS:-build/logs}
mkdir -p "$logs"

# step "Title" command...: runs the command with its output in a log, and says
# once a minute how far it is.
step() {
  local title=$1 begin=$SECONDS log pid
  shift
  log=$logs/$(tr -cs '[:alnum:]\n' '-' <<<"$title" | tr '[:upper:]' '[:lower:]').log
  echo "$title ..."
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  local said=$SECONDS last
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - said >= 60)); then
      last=$(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1 || true)
      echo "  $((SECONDS - begin)) s ${last}"
      said=$SECONDS
    fi
  done
  trap - INT TERM
  if ! wait "$pid"; then
    echo "$title failed. The end of $log:" >&2
    tail -n "${BYLAW_TAIL:-40}" "$log" >&2
    return 1
  fi
  if ((SECONDS - begin >= 10)); then echo "  done in $((SECONDS - begin)) s"; fi
}
