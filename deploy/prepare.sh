#!/bin/sh
# Makes what the county's installation keeps to itself, in private/: certificates, one random
# secret for each use, and the broker's account of the hub. Run it again at any time: what is
# there stays. Needs openssl and mosquitto_passwd (package mosquitto).
#   prepare.sh HOST [HOST…]     names and addresses under which devices and phones reach the hub
set -eu
[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
private=${LINLI_PRIVATE:-$here/private}
umask 077
mkdir -p "$private/secrets" "$private/accounts"
chmod 755 "$private" "$private/accounts"

# The users of the containers, which read these files. Set only by root.
HUB=1500 BROKER=1883 INFLUXDB=1000 GRAFANA=472 POSTGRES=999 PROXY=101

give() {
  if [ "$(id -u)" = 0 ]; then chown "$1" "$2"; fi
}

# secret FILE OWNER [VALUE]
secret() {
  file=$private/secrets/$1
  [ -s "$file" ] || printf '%s\n' "${3:-$(openssl rand -hex 32)}" >"$file"
  give "$2" "$file"
}

value() {
  cat "$private/secrets/$1"
}

certificates() {
  [ -s "$private/certs/server.pem" ] || "$here/certs/make-ca.sh" "$private/certs" "$@" mosquitto hub
  # The broker and the proxy each read the key as a user of their own.
  for user in broker proxy; do
    cp "$private/certs/server.key" "$private/certs/$user.key"
    chmod 600 "$private/certs/$user.key"
  done
  give $BROKER "$private/certs/broker.key"
  give $PROXY "$private/certs/proxy.key"
}

account_of_the_hub() {
  passwd=$private/accounts/passwd
  if ! grep -qs '^hub:' "$passwd"; then
    line=$(mktemp)
    printf 'hub:%s\n' "$(value hub.mqtt.password)" >"$line"
    mosquitto_passwd -U "$line"
    cat "$line" >>"$passwd"
    rm -f "$line"
  fi
  chmod 600 "$passwd"
  give $BROKER "$passwd"
}

certificates "$@"
secret hub.auth.secret $HUB
secret hub.mqtt.password $HUB
secret influxdb.password $INFLUXDB
secret influxdb.token $INFLUXDB
secret hub.influxdb.token $HUB "$(value influxdb.token)"
secret grafana.password $GRAFANA
secret grafana.influxdb.token $GRAFANA "$(value influxdb.token)"
secret postgres.password $POSTGRES
secret hub.pgpass $HUB "postgres:5432:linli:linli:$(value postgres.password)"
account_of_the_hub
echo "ready: $private (devices need $private/certs/ca.pem; keep ca.key elsewhere)"
