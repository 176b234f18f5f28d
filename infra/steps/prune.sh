# shellcheck shell=bash
# Removes weights that this program has fetched and that nothing on the host uses any more. Last of all, once the present
# ones serve: until then the earlier ones are what a failed change goes back to.
# in:  HOST_NAME, MODELS (folder of all weights that are fetched), USED (words: folders that the plan uses)
# out: {"bytes" (freed)}

apply() {
  local folder bytes freed=0
  for folder in $(unused); do
    bytes=$(du -sb "$folder" | cut -f1)
    # First what says that they are complete: half of them would else pass for the whole.
    rm -f "$folder/.shardplan-complete"
    rm -rf "$folder"
    freed=$((freed + bytes))
    changed "removed $folder, $((bytes / 1000000000)) GB"
  done
  result "bytes:=$freed"
}

drift() { unused | sed 's/$/ is no longer used/'; }

# Folders that a fetch has completed, and that neither the plan nor a unit names. Their names have no spaces.
unused() {
  local mark folder
  for mark in "$MODELS"/*/.shardplan-complete; do
    folder=${mark%/*}
    [ -e "$mark" ] || continue
    case " $USED " in *" $folder "*) continue ;; esac
    grep -qsF "$folder" /etc/systemd/system/shardplan-*.service || echo "$folder"
  done
}

run_step prune "$@"
