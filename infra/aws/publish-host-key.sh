#!/bin/bash
# Runs once at an instance's first boot (user data). Writes the instance's public SSH host key, with its instance id,
# into the SSM parameter that the stack made for it. The program reads it there and pins it: AWS vouches for who
# wrote it, so the first connection is verified too. Nothing here is secret.
# Set by the program in front of this text: PARAMETER, REGION.
set -euo pipefail
metadata=http://169.254.169.254/latest
# The public address comes a moment after the start: a request made before it must not wait two minutes for nothing.
impatient=(--connect-timeout 5 --max-time 20)

fetch_metadata() {
  local token
  token=$(curl -sf "${impatient[@]}" -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
  curl -sf "${impatient[@]}" -H "X-aws-ec2-metadata-token: $token" "$metadata/$1"
}

# curl signs the request itself, so that no AWS command line tool need be in the image.
publish() {
  local role credentials access secret session value
  role=$(fetch_metadata meta-data/iam/security-credentials/)
  credentials=$(fetch_metadata "meta-data/iam/security-credentials/$role")
  field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$credentials"; }
  access=$(field AccessKeyId) secret=$(field SecretAccessKey) session=$(field Token)
  value="$(fetch_metadata meta-data/instance-id) $(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
  curl -sf "${impatient[@]}" --config - "https://ssm.$REGION.amazonaws.com/" \
    -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: AmazonSSM.PutParameter' \
    --data "{\"Name\":\"$PARAMETER\",\"Value\":\"$value\",\"Type\":\"String\",\"Overwrite\":true}" <<CURL
aws-sigv4 = "aws:amz:$REGION:ssm"
user = "$access:$secret"
header = "X-Amz-Security-Token: $session"
CURL
}

for _ in $(seq 60); do
  if [ -s /etc/ssh/ssh_host_ed25519_key.pub ] && publish; then exit 0; fi
  sleep 5
done
echo "could not publish the SSH host key to $PARAMETER" >&2
exit 1
