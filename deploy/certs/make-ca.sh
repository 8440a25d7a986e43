#!/bin/sh
# A certificate authority for one county, and certificates that it signs. Needs openssl 1.1.1+.
#   make-ca.sh FOLDER HOST [HOST…]     server.pem and server.key for these names or addresses
#   make-ca.sh FOLDER --client NAME    NAME.pem and NAME.key, for a broker that asks for them
# The authority (ca.pem, ca.key) is made at the first call and kept at every later one. Keep
# ca.key away from the servers; devices get ca.pem only.
set -eu
CA_DAYS=3650
LEAF_DAYS=825

usage() {
  sed -n '2,6s/^# //p' "$0" >&2
  exit 2
}

[ $# -ge 2 ] || usage
folder=$1
shift
mkdir -p "$folder"
umask 077

make_authority() {
  [ -f "$folder/ca.key" ] && return
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/ca.key"
  openssl req -x509 -new -sha256 -key "$folder/ca.key" -days $CA_DAYS -subj "/CN=Linli county CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$folder/ca.pem"
  chmod 644 "$folder/ca.pem"
}

# sign FILE COMMON_NAME EXTENSIONS
sign() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/$1.key"
  openssl req -new -sha256 -key "$folder/$1.key" -subj "/CN=$2" -out "$folder/$1.csr"
  printf '%b' "$3" >"$folder/$1.ext"
  openssl x509 -req -sha256 -in "$folder/$1.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -days $LEAF_DAYS -extfile "$folder/$1.ext" \
    -out "$folder/$1.pem"
  rm -f "$folder/$1.csr" "$folder/$1.ext"
  chmod 644 "$folder/$1.pem"
}

alternative_names() {
  names=""
  for host in "$@"; do
    case $host in
      *[!0-9.]*) kind=DNS ;;
      *) kind=IP ;;
    esac
    case $host in *:*) kind=IP ;; esac
    names="${names:+$names,}$kind:$host"
  done
  printf '%s' "$names"
}

COMMON='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
COMMON="${COMMON}subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
make_authority
if [ "$1" = "--client" ]; then
  [ $# -eq 2 ] || usage
  case $2 in ca | server | *[!A-Za-z0-9_.-]* | "" | .*) echo "not a device's name: $2" >&2; exit 2 ;; esac
  sign "$2" "$2" "${COMMON}extendedKeyUsage=clientAuth\n"
else
  sign server "$1" \
    "${COMMON}extendedKeyUsage=serverAuth\nsubjectAltName=$(alternative_names "$@")\n"
fi
