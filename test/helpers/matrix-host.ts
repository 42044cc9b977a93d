import { sh } from '../../src/module/shell.ts'

// A small Matrix server on a lab host: Synapse in Docker on SQLite, Apache in front of it with a certificate of its own making.

export const SERVER_NAME = 'example.com'
export const MATRIX_HOST = 'matrix.example.com'
export const SECRET = "shared 'secret' of the test"
export const CERTIFICATE = '/etc/ssl/matrix.pem'
export const VHOST = '/etc/apache2/sites-available/matrix.conf'

const SYNAPSE = `registration_shared_secret: ${JSON.stringify(SECRET)}
max_upload_size: 2M
trusted_key_servers: []
# many runs in a short time
rc_login: { address: { per_second: 100, burst_count: 100 } }
`

/** As matrix_apache has it; tests take lines away. */
export const VIRTUAL_HOST = `<VirtualHost *:443>
  ServerName ${MATRIX_HOST}
  SSLEngine on
  SSLCertificateFile ${CERTIFICATE}
  SSLCertificateKeyFile /etc/ssl/matrix.key
  AllowEncodedSlashes NoDecode
  ProxyPreserveHost On
  RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"
  RequestHeader unset X-Forwarded-For
  ProxyPass /_matrix http://127.0.0.1:8008/_matrix nocanon
  ProxyPass /_synapse/client http://127.0.0.1:8008/_synapse/client nocanon
</VirtualHost>
`

export const makeCertificate = (days: number, path = CERTIFICATE, name = MATRIX_HOST) => sh`
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj ${`/CN=${name}`} \
  -addext ${`subjectAltName=DNS:${name}`} -keyout ${path.replace('.pem', '.key')} -out ${path} 2>/dev/null
`

/** Waits until Synapse answers; a container that does not start shows its log. */
export const AWAIT_SYNAPSE = `i=0
until curl -fso /dev/null http://127.0.0.1:8008/health; do
  i=$((i + 1)); [ $i -lt 720 ] || { docker logs --tail 40 synapse >&2; exit 1; }
  sleep 0.25
done
`

export const SET_UP = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null
apt-get -q install -y --no-install-recommends docker.io apache2 openssl curl >/dev/null
docker pull -q matrixdotorg/synapse >/dev/null
v='-v synapse-data:/data'
docker run --rm $v -e SYNAPSE_SERVER_NAME=${SERVER_NAME} -e SYNAPSE_REPORT_STATS=no matrixdotorg/synapse generate >/dev/null
mkdir /var/lib/docker/volumes/synapse-data/_data/conf.d
cat >/var/lib/docker/volumes/synapse-data/_data/conf.d/50-test.yaml <<'END'
${SYNAPSE}END
docker run -d --name synapse -p 127.0.0.1:8008:8008 $v matrixdotorg/synapse run --config-path=/data/homeserver.yaml --config-path=/data/conf.d >/dev/null
${makeCertificate(90).text}
cat >${VHOST} <<'END'
${VIRTUAL_HOST}END
a2enmod -q ssl headers proxy_http >/dev/null
a2ensite -q matrix >/dev/null
systemctl restart apache2
${AWAIT_SYNAPSE}`
