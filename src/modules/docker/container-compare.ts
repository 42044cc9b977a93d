import type { DockerContainer } from '../../facts/docker-container.ts'
import { type DockerImage, familiar, type ImageConfig } from '../../facts/docker-image.ts'
import { envDifferences, wantedEnv } from './container-env.ts'
import { SETTINGS, type Setting } from './container-options.ts'
import type { ContainerWant } from './container-params.ts'
import { shortId } from './reference.ts'

export type Comparison = 'strict' | 'ignore' | 'allow_more_present'

/** How a parameter is compared: as told for it, as told for all, or `otherwise`. */
export const comparisonOf = (want: ContainerWant, name: string, otherwise: Comparison = 'strict'): Comparison =>
  want.comparisons[name] ?? want.comparisons['*'] ?? otherwise

/**
 * Why a container must be made anew, each difference as "option before → after". `image` is what it was made from: settings that came
 * from there are its own. Only what was asked for is compared.
 */
export function containerDifferences(
  want: ContainerWant,
  is: DockerContainer,
  image: ImageConfig | undefined,
  envFile: readonly string[] | undefined,
): string[] {
  const env = wantedEnv(want, envFile)
  const how = comparisonOf(want, 'env')
  return [
    ...SETTINGS.flatMap((setting) => difference(setting, want, is, image)),
    ...(env && how !== 'ignore' ? envDifferences(env, is, image, how === 'allow_more_present') : []),
  ]
}

function difference(setting: Setting, want: ContainerWant, is: DockerContainer, image: ImageConfig | undefined): string[] {
  const how = comparisonOf(want, setting.name, setting.lenient ? 'allow_more_present' : 'strict')
  const wanted = setting.wanted(want, image)
  if (wanted === undefined || how === 'ignore') return []
  const actual = setting.actual(is, want)
  if (setting.ordered && how === 'strict')
    return JSON.stringify(wanted) === JSON.stringify(actual) ? [] : [`${setting.name} ${shown(actual, ' ')} → ${shown(wanted, ' ')}`]
  const more = how === 'allow_more_present' || (setting.inherits && !image)
  // Docker keeps some of these in no order of its own
  const added = wanted.filter((one) => !actual.includes(one)).sort()
  const removed = more && added.length === 0 ? [] : actual.filter((one) => !wanted.includes(one)).sort()
  return added.length + removed.length === 0 ? [] : [`${setting.name} ${shown(removed, ', ')} → ${shown(added, ', ')}`]
}

const shown = (values: readonly string[], between: string): string => values.filter((value) => value !== '').join(between) || 'none'

/** Why the image is another one, or not the one asked for by that name. */
export function imageDifference(want: ContainerWant, is: DockerContainer, image: DockerImage | undefined, name: string): string[] {
  if (comparisonOf(want, 'image') === 'ignore') return []
  const before = is.Config.Image ?? ''
  const renamed = familiar(before) !== familiar(name)
  if (image?.Id && image.Id !== is.Image)
    return [
      renamed
        ? `image ${before} (${shortId(is.Image)}) → ${name} (${shortId(image.Id)})`
        : `image ${shortId(is.Image)} → ${shortId(image.Id)}`,
    ]
  if (!renamed) return []
  if (image?.Id) return want.image_name_mismatch === 'recreate' ? [`image name ${before} → ${name}`] : []
  return [`image ${before} → ${name}`]
}
