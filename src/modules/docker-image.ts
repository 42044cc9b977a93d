import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool, path, text } from '../module/params.ts'
import { imageFacts, imageResult, planImage } from './docker/image-plan.ts'
import { reference, tag } from './docker/reference.ts'

const build = z
  .strictObject({
    path: path().describe('Directory on the host that is sent to the daemon as the context.'),
    dockerfile: text().optional().describe('The Dockerfile, relative to the context. Unset: Dockerfile.'),
    args: z
      .record(z.string(), text())
      .default({})
      .describe('Build arguments by name. They can be read in the image’s history: not for secrets.'),
    pull: bool().default(false).describe('Ask the registry for a newer version of the images it is built on.'),
    nocache: bool().default(false).describe('Do not use the layers of earlier builds.'),
    target: text().optional().describe('The stage of a multi-stage Dockerfile to build.'),
    platform: text().optional().describe('Platform to build for, such as linux/arm64.'),
    network: text().optional().describe('Network of the RUN instructions.'),
    rm: bool().default(true).describe('Remove intermediate containers after the build.'),
  })
  .optional()

const params = z
  .strictObject({
    name: reference().describe('Name of the image, with its tag or digest or without: repo, repo:1.2, repo@sha256:….'),
    tag: tag().default('latest').describe('The tag, where the name has neither tag nor digest.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the host has the image.'),
    source: z
      .enum(['pull', 'load', 'build', 'local'])
      .optional()
      .describe(
        'Where a missing image comes from: a registry, an archive, a Dockerfile; local fails when it is missing. Required for present.',
      ),
    force_source: bool().default(false).describe('Pull, load or build even if the image is there.'),
    force_absent: bool().default(false).describe('Remove the image even if stopped containers use it or it has further names.'),
    force_tag: bool().default(false).describe('Let repository point to this image even if it points to another.'),
    load_path: path()
      .optional()
      .meta({ aliases: ['archive_path'] })
      .describe('The archive on the host to load (source: load), made by docker save.'),
    build: build.describe('How to build it (source: build).'),
    pull: z
      .strictObject({ platform: text().optional().describe('Platform to pull for, such as linux/arm64.') })
      .optional()
      .describe('How to pull it (source: pull).'),
    repository: reference()
      .refine((name) => !name.includes('@') && !name.startsWith('sha256:'), { error: 'expected a name, with a tag or without' })
      .optional()
      .describe('A further name for the image, with a tag or without (then it gets the tag of the image).'),
  })
  .refine((want) => want.state === 'absent' || want.source !== undefined, { error: 'state present requires source', path: ['source'] })
  .refine((want) => want.source !== 'load' || want.load_path !== undefined, { error: 'source load requires load_path', path: ['source'] })
  .refine((want) => want.source !== 'build' || want.build !== undefined, { error: 'source build requires build', path: ['source'] })
  .refine((want) => want.load_path === undefined || want.source === 'load', {
    error: 'load_path (archive_path) goes with source: load; saving an image to an archive is not supported',
    path: ['load_path'],
  })
  .refine((want) => want.source !== 'build' || !want.name.includes('@'), {
    error: 'what is built has no digest yet: name it by a tag',
    path: ['name'],
  })

/** Images, by docker-image(1), docker-pull(1), docker-load(1) and docker-build(1). */
export const dockerImage = defineModule({
  name: 'docker_image',
  summary: 'Keep a Docker image.',
  notes: [
    'An image that is there is left as it is, whatever the registry has by now: force_source asks for it, and counts as a change only if the image became another.',
    'With a digest the image must have that digest; a tag beside a digest is ignored, as by Docker.',
    'Images are not pushed, nor saved to archives: archive_path names the archive to load.',
    'Paths are paths on the host.',
  ],
  params,
  examples: [
    { title: 'The host has an image', params: { name: 'matrixdotorg/synapse', tag: 'v1.140.0', source: 'pull' } },
    { title: 'Whatever the tag points to now', params: { name: 'cloudflare/cloudflared', source: 'pull', force_source: true } },
    { title: 'From an archive', params: { name: 'bridge:1.0', source: 'load', load_path: '/srv/images/bridge.tar' } },
    { title: 'Built on the host', params: { name: 'bridge', source: 'build', build: { path: '/srv/bridge', args: { VERSION: '2' } } } },
    { title: 'A further name', params: { name: 'bridge:1.0', source: 'local', repository: 'registry.example.com/bridge' } },
    { title: 'Gone', params: { name: 'bridge:0.9', state: 'absent' } },
  ],
  returns: {
    image: 'docker image inspect of the image; empty when it is absent.',
    actions: 'What was done, in words.',
    stdout: 'Output of the pull, load or build.',
  },
  facts: imageFacts,
  plan: planImage,
  result: imageResult,
})
