import type { DockerContainer } from '../../facts/docker-container.ts'
import type { Healthcheck, ImageConfig } from '../../facts/docker-image.ts'
import { quote } from '../../module/shell.ts'
import type { ContainerWant } from './container-params.ts'

type HealthWant = NonNullable<ContainerWant['healthcheck']>

const NONE = 'NONE'

// docker's command line knows only checks for a shell (docker-run(1), --health-cmd): words are quoted for it.
function shellTest(test: readonly string[] | string): string {
  if (typeof test === 'string') return test.toUpperCase() === NONE ? NONE : test
  const [first, ...rest] = test
  if (first === NONE) return NONE
  if (first === 'CMD-SHELL') return rest.join(' ')
  return (first === 'CMD' ? rest : test).map(quote).join(' ')
}

const seconds = (nanoseconds: number): string => `${nanoseconds / 1e9}s`

const parts = (test: string | undefined, check: Healthcheck): string[] => [
  ...(test === undefined ? [] : [`test "${test}"`]),
  ...(test === NONE ? [] : timing(check)),
]

const timing = ({ Interval, Timeout, StartPeriod, Retries }: Healthcheck): string[] => [
  ...(Interval === undefined ? [] : [`interval ${seconds(Interval)}`]),
  ...(Timeout === undefined ? [] : [`timeout ${seconds(Timeout)}`]),
  ...(StartPeriod === undefined ? [] : [`start_period ${seconds(StartPeriod)}`]),
  ...(Retries === undefined ? [] : [`retries ${Retries}`]),
]

const asked = (want: HealthWant): Healthcheck => ({
  ...(want.interval !== undefined && { Interval: want.interval }),
  ...(want.timeout !== undefined && { Timeout: want.timeout }),
  ...(want.start_period !== undefined && { StartPeriod: want.start_period }),
  ...(want.retries !== undefined && { Retries: want.retries }),
})

/** The healthcheck asked for, one text for each part of it that was given. */
export const wantedHealth = (want: HealthWant): string[] => parts(want.test === undefined ? undefined : shellTest(want.test), asked(want))

/** The same parts of the container's own. */
export function actualHealth(is: DockerContainer, want: HealthWant): string[] {
  const own = is.Config.Healthcheck ?? {}
  const wanted = asked(want)
  return parts(want.test === undefined ? undefined : own.Test ? shellTest(own.Test) : NONE, {
    ...(wanted.Interval !== undefined && { Interval: own.Interval ?? 0 }),
    ...(wanted.Timeout !== undefined && { Timeout: own.Timeout ?? 0 }),
    ...(wanted.StartPeriod !== undefined && { StartPeriod: own.StartPeriod ?? 0 }),
    ...(wanted.Retries !== undefined && { Retries: own.Retries ?? 0 }),
  })
}

export function healthWords(want: HealthWant): string[] {
  const test = want.test === undefined ? undefined : shellTest(want.test)
  if (test === NONE) return ['--no-healthcheck']
  return [
    ...(test === undefined ? [] : [`--health-cmd=${test}`]),
    ...(want.interval === undefined ? [] : [`--health-interval=${seconds(want.interval)}`]),
    ...(want.timeout === undefined ? [] : [`--health-timeout=${seconds(want.timeout)}`]),
    ...(want.start_period === undefined ? [] : [`--health-start-period=${seconds(want.start_period)}`]),
    ...(want.retries === undefined ? [] : [`--health-retries=${want.retries}`]),
  ]
}

/** Whether a container made as asked has a healthcheck; undefined when its image is not known yet. */
export function hasHealthcheck(want: ContainerWant, image: ImageConfig | undefined): boolean | undefined {
  const test = want.healthcheck?.test
  if (test !== undefined) return shellTest(test) !== NONE
  return image && !!image.Healthcheck?.Test && image.Healthcheck.Test[0] !== NONE
}
