import type { DockerContainer } from '../../../src/facts/docker-container.ts'
import type { DockerImage } from '../../../src/facts/docker-image.ts'
import type { DockerServer } from '../../../src/facts/docker-server.ts'

// What Docker 20.10 said of one container of every setting and of its image, shortened to what it was asked for.

export const SERVER: DockerServer = { client: true, version: '20.10.24', api: '1.41' }
export const NO_DOCKER: DockerServer = { client: false }
export const DOWN: DockerServer = { client: true, trouble: 'Cannot connect to the Docker daemon. Is the docker daemon running?' }

export const id = (digit: string): string => `sha256:${digit.repeat(64)}`

export const IMAGE: DockerImage = {
  Id: id('a'),
  RepoTags: ['box:1'],
  RepoDigests: [],
  Config: {
    Env: ['PATH=/bin', 'LEVEL=1'],
    Cmd: ['sleep', '9999'],
    Entrypoint: null,
    Volumes: { '/data': {} },
    Labels: { 'made.by': 'test' },
    User: '',
  },
}

export const CONTAINER: DockerContainer = {
  Id: 'c'.repeat(64),
  Name: '/web',
  Image: id('a'),
  State: { Status: 'running', Running: true, Paused: false, ExitCode: 0, Health: { Status: 'healthy' } },
  HostConfig: {
    Binds: ['vv:/v', '/srv/x:/x:ro'],
    LogConfig: { Type: 'local', Config: { 'max-size': '1m', 'max-file': '5' } },
    NetworkMode: 'net-a',
    PortBindings: {
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8008' }],
      '90/tcp': [{ HostIp: '', HostPort: '' }],
    },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    CapAdd: ['CAP_NET_ADMIN'],
    CapDrop: ['ALL'],
    ExtraHosts: ['host.docker.internal:host-gateway'],
    ReadonlyRootfs: true,
    SecurityOpt: ['no-new-privileges:true', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
    Tmpfs: { '/run': '', '/scratch': 'size=1m' },
    Memory: 67_108_864,
    NanoCpus: 500_000_000,
    Mounts: [
      { Type: 'bind', Source: '/srv', Target: '/srv', ReadOnly: true },
      { Type: 'tmpfs', Target: '/tt', TmpfsOptions: { SizeBytes: 1_048_576, Mode: 0o1777 } },
    ],
    Init: true,
  },
  Mounts: [{ Type: 'volume', Name: 'vv', Destination: '/v' }],
  Config: {
    Hostname: 'h.x',
    User: '1000:1000',
    Env: ['TOKEN=hidden-one', 'LEVEL=1', 'PATH=/bin'],
    Cmd: ['sleep', '300'],
    Entrypoint: null,
    Healthcheck: { Test: ['CMD-SHELL', 'test -e /bin'], Interval: 1_000_000_000, Retries: 3 },
    Image: 'box:1',
    Volumes: { '/data': {} },
    Labels: { 'made.by': 'test', role: 'web' },
  },
  NetworkSettings: { Networks: { 'net-a': { Aliases: ['w1', 'cccccccccccc'], IPAMConfig: { IPv4Address: '10.7.0.9' } } } },
}
