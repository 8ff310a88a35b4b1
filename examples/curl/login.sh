#!/usr/bin/env bash
# A whole life of a factor by curl: enrol, activate, verify, refresh, introspect, revoke.
#
#   WATCHWORD_URL=http://localhost:3000 WATCHWORD_API_KEY=ww_… ./login.sh alice
#
# oathtool, or Node where there is none, plays the authenticator app; Node reads the JSON.
set -euo pipefail

url=${WATCHWORD_URL:-http://localhost:3000}
key=${WATCHWORD_API_KEY:?the API key of your application}
user=${1:?the user\'s name, as your application knows it}

# call METHOD PATH [BODY]: prints the answer; an error ends the script with what the service says.
call() {
  local answer
  answer=$(curl --silent --show-error --fail-with-body --request "$1" "$url$2" \
    --header "Authorization: Bearer $key" --header 'Content-Type: application/json' \
    ${3:+--data "$3"}) || {
    echo "$answer" >&2
    return 1
  }
  [ -z "$answer" ] || echo "$answer"
}

# json MEMBER: reads one member of the JSON on its input.
json() {
  node -e 'const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
    console.log(process.argv[1].split(".").reduce((value, name) => value[name], all))' "$1"
}

# code SECRET SECONDS: what the app shows at that time.
code() {
  if command -v oathtool >/dev/null; then
    oathtool --totp --base32 --now "@$2" "$1"
  else
    node -e 'const [secret, seconds] = process.argv.slice(1);
      const bits = Array.from(secret, (letter) =>
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
      const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
      const step = Buffer.alloc(8);
      step.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
      const mac = require("crypto").createHmac("sha1", key).update(step).digest();
      const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
      console.log(String(number % 1e6).padStart(6, "0"))' "$1" "$2"
  fi
}

echo "1. Enrol $user"
factor=$(call POST "/v1/users/$user/factors" '{"type":"totp","name":"My phone"}')
id=$(json id <<<"$factor")
secret=$(json totp.secret <<<"$factor")
call GET "/v1/factors/$id/qr.txt"

echo "2. Activate it with the code that is shown now"
now=$(date +%s)
call POST "/v1/factors/$id/activate" "{\"code\":\"$(code "$secret" "$now")\"}" | json status

# That code is used up. A user waits for the next; this script, which knows the secret, is ahead of time.
echo "3. Verify with the next code, after a check of the password, and begin a session"
next=$(code "$secret" $((now + 30)))
token=$(call POST "/v1/users/$user/verify" \
  "{\"code\":\"$next\",\"first_factor\":[\"pwd\"],\"session\":\"refresh_token\"}")
json access_token <<<"$token"

echo "4. Refresh: another access token, with the proof of before"
token=$(call POST /v1/tokens/refresh "{\"refresh_token\":\"$(json refresh_token <<<"$token")\"}")
access=$(json access_token <<<"$token")
echo "good for $(json expires_in <<<"$token") seconds"

echo "5. Introspect it"
call POST /v1/tokens/introspect "{\"token\":\"$access\"}"

echo "6. Revoke the session, by its refresh token, and introspect again"
call POST /v1/tokens/revoke "{\"token\":\"$(json refresh_token <<<"$token")\"}"
call POST /v1/tokens/introspect "{\"token\":\"$access\"}"
