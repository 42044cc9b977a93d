import { z } from 'zod'
import { defineModule } from '../module/define.ts'
import { bool } from '../module/params.ts'
import { filters } from './docker/prune-filters.ts'
import { planPrune, pruneFacts, pruneResult } from './docker/prune-plan.ts'

const params = z
  .strictObject({
    containers: bool().default(false).describe('Remove containers that do not run.'),
    containers_filters: filters('until', 'label', 'label!').describe('Only those of them: until, label, label!.'),
    images: bool().default(false).describe('Remove images without a name that no container uses.'),
    images_filters: filters('dangling', 'until', 'label', 'label!').describe(
      'Only those of them: until, label, label!. dangling: false removes all images that no container uses, with names or without.',
    ),
    networks: bool().default(false).describe('Remove networks no running container is in.'),
    networks_filters: filters('until', 'label', 'label!').describe('Only those of them: until, label, label!.'),
    volumes: bool().default(false).describe('Remove volumes no container has, and all that is in them.'),
    volumes_filters: filters('all', 'label', 'label!').describe('Only those of them: label, label!. all: true takes those with names too.'),
    builder_cache: bool().default(false).describe('Remove the build cache as far as it is not in use.'),
    builder_cache_all: bool().default(false).describe('Remove also what other builds share.'),
    builder_cache_filters: filters('until').describe('Only that of it: until.'),
  })
  .refine((want) => want.containers || want.images || want.networks || want.volumes || want.builder_cache, {
    error: 'one of containers, images, networks, volumes, builder_cache must be true',
  })

/** By docker-container-prune(1) and its kin. */
export const dockerPrune = defineModule({
  name: 'docker_prune',
  summary: 'Remove what Docker no longer uses.',
  notes: [
    'Volumes are removed only with volumes: true. Engines before 23.0 then also remove volumes with names; later ones do so only with volumes_filters {all: true}.',
    'A container that a task has stopped is one that does not run: give containers only where stopped ones are not needed any more.',
    'With images_filters {dangling: false} an image that a container uses keeps all its names, other than with docker image prune --all.',
    'Spaces are those docker prints, which are rounded; of images with names the sum of their sizes, with what they share.',
    'Where the build cache only seems unused, the task says so by changed: false.',
  ],
  params,
  examples: [
    { title: 'Images left behind by upgrades', params: { images: true } },
    {
      title: 'All images that no container uses, older than a month',
      params: { images: true, images_filters: { dangling: false, until: '720h' } },
    },
    {
      title: 'Ended containers and empty networks',
      params: { containers: true, networks: true, containers_filters: { 'label!': 'keep' } },
    },
  ],
  returns: {
    containers: 'Ids of the removed containers; containers_space_reclaimed in bytes.',
    images: 'Names and ids of the removed images; images_space_reclaimed in bytes.',
    networks: 'Names of the removed networks.',
    volumes: 'Names of the removed volumes; volumes_space_reclaimed in bytes.',
    builder_cache_caches_deleted: 'Ids of the removed pieces; builder_cache_space_reclaimed in bytes.',
  },
  facts: pruneFacts,
  plan: planPrune,
  result: pruneResult,
})
