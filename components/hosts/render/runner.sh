# Runs steps: check, apply, check again; one JSON line per step on stdout; stops at the first failure.

# json_escape <TEXT: the inside of a JSON string, in ASCII. Bytes that are not UTF-8 become U+FFFD, as JSON must be Unicode.
json_escape() {
  od -An -v -tu1 | awk '
    function put(c) {
      if (c == 34 || c == 92) printf "\\%c", c
      else if (c >= 32 && c < 127) printf "%c", c
      else if (c < 65536) printf "\\u%04x", c
      else { c -= 65536; printf "\\u%04x\\u%04x", 55296 + int(c / 1024), 56320 + c % 1024 }
    }
    function start(b, length_, least_) { need = length_; least = least_; code = b }
    function byte(b) {
      if (need > 0) {
        if (b >= 128 && b < 192) {
          code = code * 64 + b - 128
          if (--need == 0) put(code < least || code > 1114111 || (code >= 55296 && code < 57344) ? 65533 : code)
          return
        }
        put(65533); need = 0
      }
      if (b < 128) put(b)
      else if (b >= 194 && b < 224) start(b - 192, 1, 128)
      else if (b >= 224 && b < 240) start(b - 224, 2, 2048)
      else if (b >= 240 && b < 245) start(b - 240, 3, 65536)
      else put(65533)
    }
    { for (i = 1; i <= NF; i++) byte($i) }
    END { if (need > 0) put(65533) }'
}

# Secrets never leave, not even in the error text of a program that printed one.
redact() {
  local line=$1 value part
  for value in "${SECRETS[@]}"; do
    while IFS= read -r part || [ -n "$part" ]; do
      if ((${#part} >= 6)); then line=${line//"$part"/[secret]}; fi
    done <<<"$value"
  done
  printf %s "$line"
}

# What a step complained about: its stderr, else the end of its stdout; at most 8 lines of 400 bytes.
complaint() {
  local line
  {
    grep -av '^turducken: ' "$SCRATCH/stderr" || grep -a . "$SCRATCH/stderr" || tail -n 8 -- "$SCRATCH/stdout"
  } 2>/dev/null | head -n 8 | tr -d '\000' |
    while IFS= read -r line || [ -n "$line" ]; do
      line=$(redact "$line")
      printf '%s\n' "${line:0:400}"
    done
}

# read_secrets LINE: {"name": "value", …} into SECRETS, without jq. Values that are not strings keep their text.
read_secrets() {
  local key
  REST=$1
  [[ $REST =~ ^[[:space:]]*$ ]] && return 0
  json_mark '{' || return 1
  json_mark '}' && return 0
  while true; do
    json_text || return 1
    key=$TEXT
    json_mark ':' || return 1
    json_space
    if [[ $REST == \"* ]]; then
      json_text || return 1
    else
      TEXT=${REST%%[,\}[:space:]]*}
      REST=${REST#"$TEXT"}
    fi
    SECRETS[$key]=$TEXT
    json_mark ',' && continue
    json_mark '}'
    return
  done
}
json_space() { REST=${REST#"${REST%%[![:space:]]*}"}; }
json_mark() {
  json_space
  [[ $REST == "$1"* ]] || return 1
  REST=${REST:1}
}
# One JSON string at the head of REST into TEXT.
json_text() {
  local plain code low
  json_mark '"' || return 1
  TEXT=
  while true; do
    plain=${REST%%[\"\\]*}
    TEXT+=$plain
    REST=${REST:${#plain}}
    case $REST in
      '"'*)
        REST=${REST:1}
        return 0
        ;;
      '\u'[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]*)
        code=$((16#${REST:2:4}))
        REST=${REST:6}
        if ((code >= 0xd800 && code < 0xdc00)) && [[ $REST == '\u'[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]* ]]; then
          low=$((16#${REST:2:4}))
          REST=${REST:6}
          code=$((0x10000 + (code - 0xd800) * 1024 + low - 0xdc00))
        fi
        utf8 "$code"
        ;;
      '\n'*) TEXT+=$'\n' REST=${REST:2} ;;
      '\t'*) TEXT+=$'\t' REST=${REST:2} ;;
      '\r'*) TEXT+=$'\r' REST=${REST:2} ;;
      '\b'*) TEXT+=$'\b' REST=${REST:2} ;;
      '\f'*) TEXT+=$'\f' REST=${REST:2} ;;
      \\[\"/\\]*) TEXT+=${REST:1:1} REST=${REST:2} ;;
      *) return 1 ;;
    esac
  done
}
utf8() {
  local code=$1 bytes
  if ((code < 0x80)); then
    printf -v bytes '\\x%02x' "$code"
  elif ((code < 0x800)); then
    printf -v bytes '\\x%02x\\x%02x' $((0xc0 | code >> 6)) $((0x80 | code & 63))
  elif ((code < 0x10000)); then
    printf -v bytes '\\x%02x\\x%02x\\x%02x' $((0xe0 | code >> 12)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63))
  else
    printf -v bytes '\\x%02x\\x%02x\\x%02x\\x%02x' $((0xf0 | code >> 18)) $((0x80 | code >> 12 & 63)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63))
  fi
  printf -v bytes %b "$bytes"
  TEXT+=$bytes
}

# Microseconds into NOW; bash 5 knows them without a process.
now() {
  if [ -n "${EPOCHREALTIME:-}" ]; then NOW=${EPOCHREALTIME/[.,]/}; else NOW=$(date +%s%6N); fi
}

# report STATE STATIC BEGAN [REMEDY]: one line. With a remedy, or for deferred and failed, the complaint goes with it. Lines of steps
# that went well stay in the stack's state, for each host and step: they have no title, as nobody reads it there.
report() {
  local state=$1 static=$2 began=$3 remedy=${4:-} extra='' line text='' took
  now
  took=$(((NOW - began) / 1000))
  ((took >= 0)) || took=0
  if [ "$state" = failed ] || [ "$state" = deferred ]; then
    while IFS= read -r line; do text+="${text:+,}\"$(printf %s "$line" | json_escape)\""; done < <(complaint)
    extra=",\"stderr\":[$text]"
    [ -z "$remedy" ] || extra+=",\"remedy\":\"$(printf %s "$remedy" | json_escape)\""
  fi
  if [ "$MODE" = apply ] && [[ $state == ok || $state == changed ]]; then static=${static%%,\"title\"*}; fi
  # A cut connection ends the run here, between two steps.
  printf '{"host":"%s","phase":"%s",%s,"state":"%s","seconds":%d.%03d%s}\n' \
    "$HOST" "$PHASE" "$static" "$state" $((took / 1000)) $((took % 1000)) "$extra" || exit 1
}

# failed ID STATIC BEGAN REMEDY: reports, tells a person on stderr, and stops.
failed() {
  report failed "$2" "$3" "$4"
  {
    printf '%s: %s: step %s failed\n' "$HOST" "$PHASE" "$1"
    complaint | sed 's/^/  /'
    [ -z "$4" ] || printf '  do: %s\n' "$4"
  } >&2
  exit 1
}

explain() {
  printf '%s\n' "$1" >"$SCRATCH/stderr"
}

# try FUNCTION: one fragment, as fragments expect it. Its exit status comes in RC: `if fragment` would switch off `set -e` inside.
try() {
  (
    exec </dev/null >"$SCRATCH/stdout" 2>"$SCRATCH/stderr" 9>&-
    set -euo pipefail
    "$1"
  )
  RC=$?
}

# step FUNCTION ID DISRUPTION STATIC REMEDY
step() {
  local function=$1 id=$2 disruption=$3 static=$4 remedy=$5 began
  if [ -n "$STOPPED" ]; then
    now
    explain "stopped by signal $STOPPED before this step"
    failed "$id" "$static" "$NOW" "run it again; what was done so far holds"
  fi
  now
  began=$NOW
  try "check_$function"
  if ((RC == 0)); then
    [ "$PASS" = act ] || report ok "$static" "$began"
  elif [ "$PASS" = survey ]; then
    survey_step "$id" "$disruption" "$static" "$began" "$remedy"
  elif [ "$PHASE" = prepare ] && [ "$disruption" != none ] && [ "$MEMBER" = yes ]; then
    explain "would disturb running work ($disruption); left to the roll"
    report deferred "$static" "$began" "$remedy"
  elif [ "$PASS" = act ] && [ -z "${NEEDED[$id]+needed}" ]; then
    return 0 # reported by the survey
  elif [ "$MODE" = check ]; then
    report would-change "$static" "$began"
  else
    apply_step "$function" "$id" "$disruption" "$static" "$remedy" "$began"
  fi
}

apply_step() {
  local function=$1 id=$2 disruption=$3 static=$4 remedy=$5 began=$6 said
  try "apply_$function"
  ((RC == 0)) || failed "$id" "$static" "$began" "$remedy"
  try "check_$function"
  if ((RC == 0)); then
    report changed "$static" "$began"
  elif [ "$disruption" = reboot ]; then
    reboot_or_defer "$id" "$static" "$began" "$remedy"
  else
    said=$(complaint)
    explain "applied but still not right${said:+: $said}"
    failed "$id" "$static" "$began" "$remedy"
  fi
}

reboot_or_defer() {
  if [ "$REBOOT" = never ]; then
    explain "takes effect at the next reboot; maintenance.reboot is never"
    report deferred "$2" "$3" "$4"
    return
  fi
  explain "the host reboots now to make this effective"
  systemd-run --on-active=3 systemctl reboot >/dev/null 2>&1 || (sleep 3 && systemctl reboot) </dev/null >/dev/null 2>&1 9>&- &
  failed "$1" "$2" "$3" "wait until the host is back, then run it again"
}

# --- roll: what would disturb running work, on a host taken out of use ----------------------------------------------------

# First pass of a roll: what is not right, and how much it disturbs.
survey_step() {
  local id=$1 disruption=$2 static=$3 began=$4 remedy=$5
  if [ "$disruption" = reboot ] && [ "$REBOOT" = never ] && [ "$MEMBER" = yes ]; then
    explain "needs a reboot; maintenance.reboot is never"
    report deferred "$static" "$began" "${remedy:-reboot the host when it suits, or set maintenance.reboot to when-idle}"
    return
  fi
  NEEDED[$id]=$static
  ORDER+=("$id")
  case $disruption in drain | reboot) OUT_OF_USE=yes ;; esac
}

# ask_busy: is work running here? BUSY says what, or is empty. A hook that breaks counts as busy: nothing is disturbed on a guess.
ask_busy() {
  try hook_busy
  BUSY=
  case $RC in
    0)
      IFS= read -r BUSY <"$SCRATCH/stdout" || true
      BUSY=${BUSY:-work is running}
      ;;
    1) ;;
    *) BUSY="cannot tell whether work is running here (exit $RC): $(complaint | head -n 1)" ;;
  esac
}

defer_needed() {
  local id
  for id in "${ORDER[@]}"; do
    explain "$BUSY"
    now
    report deferred "${NEEDED[$id]}" "$NOW" "run it again when the host is idle, or set maintenance.policy"
  done
}

TAKE_OUT='"step":"take-out-of-use","title":"Running work has left the host"'
BACK='"step":"back-in-use","title":"The host serves again"'

take_out_of_use() {
  local said began
  mkdir -p "$STATE" && : >"$STATE/rolling"
  now
  began=$NOW
  try hook_before
  if ((RC == 0)); then
    report changed "$TAKE_OUT" "$began"
    return
  fi
  # Not drained: put it back rather than leave it out of use and unexplained.
  said=$(complaint)
  try hook_after
  rm -f "$STATE/rolling"
  explain "$said"
  failed take-out-of-use "$TAKE_OUT" "$began" "see which work may not be moved (disruption budgets), then run it again"
}

back_in_use() {
  local began
  now
  began=$NOW
  try hook_after
  ((RC == 0)) || failed back-in-use "$BACK" "$began" "the host stays out of use until this works; run it again"
  rm -f "$STATE/rolling"
  report changed "$BACK" "$began"
}

roll() {
  PASS=survey
  phase_roll
  if ((${#ORDER[@]} == 0)); then
    finish_earlier_roll
    return
  fi
  # A host that an earlier, interrupted roll took out of use is not asked again.
  if [ "$POLICY" != force ] && [ "$MEMBER" = yes ] && [ ! -e "$STATE/rolling" ]; then
    wait_until_idle
    if [ -n "$BUSY" ]; then
      defer_needed
      return
    fi
  fi
  if [ "$MODE" = apply ] && [ "$MEMBER$OUT_OF_USE$HOOKS" = yesyesyes ]; then take_out_of_use; fi
  PASS=act
  phase_roll
  if [ "$MODE" = apply ] && [ -e "$STATE/rolling" ]; then back_in_use; fi
}

# Everything is right, but a roll was cut off before the host was given back.
finish_earlier_roll() {
  [ -e "$STATE/rolling" ] || return 0
  now
  if [ "$MODE" = check ]; then report would-change "$BACK" "$NOW"; else back_in_use; fi
}

wait_until_idle() {
  local waited=0
  while true; do
    ask_busy
    [ -n "$BUSY" ] || return 0
    if [ "$POLICY" = defer ] || [ "$MODE" = check ] || ((waited >= WAIT_SECONDS)); then return 0; fi
    ((waited % 60)) || say "waits for running work: $BUSY"
    sleep 2
    waited=$((waited + 2))
  done
}

# --- main -----------------------------------------------------------------------------------------------------------------

locked() {
  SCRATCH=$RUN/run.$$
  (umask 077 && mkdir -p "$SCRATCH") || exit 1
  trap 'rm -rf "$SCRATCH"' EXIT
  exec 9>"$RUN/lock" || exit 1
  # Another run, or one whose connection was cut and that finishes its step.
  if flock -w "$LOCK_SECONDS" 9; then
    find "$RUN" -maxdepth 1 -name 'run.*' ! -name "run.$$" -exec rm -rf {} + 2>/dev/null
    return
  fi
  now
  explain "another run is at work on this host"
  failed lock '"step":"lock","title":"No other run is at work on this host"' "$NOW" "wait for it to end, then run it again"
}

main() {
  PHASE=${1:-} MODE=${2:-}
  case $PHASE:$MODE in
    prepare:check | prepare:apply | cluster:check | cluster:apply | roll:check | roll:apply | leave:check | leave:apply) ;;
    *)
      echo "usage: bash ${0##*/} prepare|cluster|roll|leave check|apply   (secrets: one JSON line on stdin)" >&2
      exit 2
      ;;
  esac
  set -uo pipefail
  export LC_ALL=C HOME="${HOME:-/root}"
  export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  umask 022
  PASS=once STOPPED='' MEMBER=no OUT_OF_USE=''
  declare -gA SECRETS=() NEEDED=()
  ORDER=()
  # A step is finished, then the run stops: nothing is left half done by a signal.
  trap 'STOPPED=HUP' HUP
  trap 'STOPPED=INT' INT
  trap 'STOPPED=TERM' TERM
  local line=''
  # Run as `bash -s`, stdin is this program itself.
  if [ "$MODE" = apply ] && [[ $- != *s* ]] && [ ! -t 0 ]; then
    IFS= read -r -t 30 line || true
    read_secrets "$line" || {
      echo "$HOST: the secrets on stdin are not one line of JSON like {\"name\":\"value\"}" >&2
      exit 2
    }
    line=''
  fi
  locked
  try hook_member
  if ((RC == 0)); then MEMBER=yes; fi
  case $PHASE in
    roll) roll ;;
    cluster)
      phase_cluster
      if [ "$MODE" = apply ]; then mkdir -p "$STATE" && : >"$STATE/member"; fi
      ;;
    *) "phase_$PHASE" ;;
  esac
}
