import { discardDraft, expect, expectAccessible, test, unique } from '../fixtures/index.ts'
import type { Page } from '@playwright/test'

/** Answers the wizard's pages and stands on the review. */
async function answer(page: Page, how: { name: string; slug: string; dedicated?: boolean }): Promise<void> {
  await page.goto('/tenants/new')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/tenants\/new\/[0-9a-f-]{36}\/identity$/)
  await page.getByLabel('Name', { exact: true }).fill(how.name)
  await page.getByLabel('Slug (optional)').fill(how.slug)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('radio', { name: /^Professional/ }).check()
  if (how.dedicated) await page.getByRole('radio', { name: /^A schema of its own/ }).check()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Name (optional)').fill('Ada Lovelace')
  await page.getByLabel('E-mail (optional)').fill(`ada@${how.slug}.example`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/review$/)
}

for (const script of [true, false]) {
  test.describe(script ? 'with a script' : 'without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('five pages make a tenant, and its operation is followed to the end', async ({ as }) => {
      test.slow()
      const page = await as('operator')
      const word = unique()
      const tenant = { name: `Wizard ${word}`, slug: `wizard-${word}` }
      await answer(page, tenant)
      await expect(page.getByRole('region', { name: /^Limits on the .* plan$/ })).toContainText('Users')
      await expect(page.getByRole('region', { name: 'Policies of Baseline, version 1' })).toContainText('Second factor')
      await expect(page.getByRole('region', { name: 'Differs from the template' })).toContainText('Professional instead of Starter')
      const answers = page.getByRole('region', { name: 'Identity' })
      await expect(answers).toContainText(tenant.slug)
      await expect(page.getByRole('region', { name: 'What will happen' }).getByRole('listitem')).toHaveCount(13)
      await expectNoError(page)

      // Change leads back here, and what was typed is there.
      await answers.getByRole('link', { name: /^Change/ }).click()
      await expect(page.getByLabel('Name', { exact: true })).toHaveValue(tenant.name)
      await page.getByLabel('Country (optional)').fill('Japan')
      await page.getByRole('button', { name: 'Save and go back to the review' }).click()
      await expect(page.getByRole('region', { name: 'Identity' })).toContainText('Japan')

      await page.getByRole('button', { name: 'Create tenant' }).click()
      await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/)
      await expect(page.getByRole('heading', { level: 1, name: `Provision ${tenant.name}` })).toBeVisible()
      // Events bring it with a script; without one its reader asks again.
      const ready = page.getByRole('heading', { name: `${tenant.name} is ready` })
      if (script) {
        await expect(ready).toBeVisible({ timeout: 40_000 })
        await expect(ready).toBeFocused()
      } else {
        await expect(async () => {
          await page.getByRole('link', { name: 'Refresh' }).click({ timeout: 500 }).catch(() => undefined)
          await expect(ready).toBeVisible({ timeout: 500 })
        }).toPass({ timeout: 40_000 })
      }
      const steps = page.getByRole('region', { name: 'Steps' })
      await expect(steps.getByRole('listitem').filter({ hasText: 'done' })).toHaveCount(13)
      // What was accepted stands there in words, with the proof behind it, and is found again from the tenant.
      const acceptance = page.getByRole('region', { name: 'Acceptance' })
      await expect(acceptance).toContainText('5 of 5 met')
      await expect(acceptance).toContainText('1 of 1 people are let in')
      if (script) await expectAccessible(page)
      await acceptance.getByRole('link', { name: 'See every attempt' }).click()
      await expect(page.getByRole('region', { name: 'Evidence' })).toContainText('When it was created')
      await page.goto(`/tenants/${tenant.slug}`)
      const monitoring = page.getByRole('region', { name: 'Monitoring' })
      await expect(monitoring.getByText('As it should be')).toHaveCount(4)
      await expect(monitoring).toContainText('scheduled')
      await monitoring.getByRole('link', { name: 'Acceptance' }).click()
      await expect(acceptance).toBeVisible()
      await page.getByRole('link', { name: 'Open onboarding' }).click()
      await expect(page.getByRole('heading', { level: 1, name: tenant.name })).toBeVisible()
    })
  })
}

async function expectNoError(page: Page): Promise<void> {
  await expect(page.getByRole('alert').filter({ hasText: /problem/ })).toHaveCount(0)
}

test('a page of the wizard names every error and keeps what was typed; a draft waits for its owner', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto('/tenants/new')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Slug (optional)').fill('Not A Slug!')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /problems/ }).getByRole('listitem')).toHaveCount(2)
  await expect(page.getByLabel('Slug (optional)')).toHaveValue('Not A Slug!')
  await expectAccessible(page)
  const name = `Draft ${unique()}`
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Slug (optional)').fill(tenant.slug)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByLabel('Slug (optional)')).toHaveAttribute('aria-invalid', 'true')
  // The keys are heard once the page lives.
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', '')
  await page.getByLabel('Slug (optional)').fill('')
  await page.keyboard.press('Control+Enter')
  await expect(page).toHaveURL(/\/plan$/)
  const address = page.url()

  // A page whose turn has not come leads to the one whose turn it is.
  await page.goto(address.replace(/plan$/, 'review'))
  await expect(page).toHaveURL(address)
  await page.goBack()

  await page.goto('/tenants/new')
  const drafts = page.getByRole('region', { name: 'Your drafts' })
  await drafts.getByRole('link', { name }).click()
  await expect(page).toHaveURL(address)
  const success = await as('success')
  expect((await success.goto(address))?.status()).not.toBe(200)

  await page.goto('/tenants/new')
  await drafts.getByRole('button', { name: `Discard the draft ${name}` }).click()
  await expect(page.getByRole('link', { name })).toHaveCount(0)
  expect((await page.goto(address))?.status()).toBe(404)
})

test('a limit for the new tenant alone has a reason, and is seen as one that overrides the plan; so has it an owner', async ({ as }) => {
  const page = await as('operator')
  const word = unique()
  await answer(page, { name: `Limited ${word}`, slug: `limited-${word}` })
  await page.getByRole('region', { name: 'Plan and placement' }).getByRole('link', { name: /^Change/ }).click()
  await page.getByLabel('Limit of users (optional)', { exact: true }).fill('many')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await expect(page.getByLabel('Limit of users (optional)', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Limit of users (optional)', { exact: true }).fill('100')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  const why = page.getByLabel('Reason for the limit of users (optional)')
  await expect(why).toHaveAttribute('aria-invalid', 'true')
  // A reason alone is a limit forgotten: said at the limit, and the words stay.
  await page.getByLabel('Limit of users (optional)', { exact: true }).fill('')
  await why.fill('Agreed in the contract.')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await expect(page.getByLabel('Limit of users (optional)', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await expect(why).toHaveValue('Agreed in the contract.')
  // The plan's own number is no difference.
  await page.getByLabel('Limit of users (optional)', { exact: true }).fill('100')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await expect(page.getByRole('region', { name: 'Differs from the template' })).not.toContainText('Users')
  await expect(page.getByRole('region', { name: 'Limits on the Professional plan' })).toContainText('For this tenant alone')
  await page.getByRole('region', { name: 'Plan and placement' }).getByRole('link', { name: /^Change/ }).click()
  await page.getByLabel('Limit of users (optional)', { exact: true }).fill('150')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  const differs = page.getByRole('region', { name: 'Differs from the template' })
  await expect(differs).toContainText(/Users: 150 instead of 100\s*Overrides the plan/)
  await expect(differs).toContainText('Agreed in the contract.')
  await expect(page.getByRole('region', { name: 'Limits on the Professional plan' })).toContainText('Overrides the plan: 100')
  await expectAccessible(page)

  await page.getByRole('region', { name: 'Identity' }).getByRole('link', { name: /^Change/ }).click()
  const owner = page.getByLabel('Owner', { exact: true })
  // Nobody of the list is told together with all else that is wrong.
  await owner.evaluate((select: HTMLSelectElement) => {
    const option = select.options[select.selectedIndex]
    if (option) option.value = 'nobody-at-all'
  })
  await page.getByLabel('Domain (optional)').fill('no domain')
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await expect(page.getByRole('alert').filter({ hasText: /problems/ }).getByRole('listitem')).toHaveCount(2)
  await expect(owner).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('Domain (optional)').fill('')
  const name = (await owner.getByRole('option').nth(1).textContent())?.replace(/ \(.*$/, '') ?? ''
  await owner.selectOption({ index: 1 })
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await expect(page.getByRole('region', { name: 'Identity' })).toContainText(name)
  // What is given is there again, and marked.
  await page.getByRole('region', { name: 'Plan and placement' }).getByRole('link', { name: /^Change/ }).click()
  await expect(page.getByText('Users: overrides the plan')).toBeVisible()
  await expect(page.getByLabel('Limit of users (optional)', { exact: true })).toHaveValue('150')
  // And it is what the page of the people counts with.
  await page.getByRole('button', { name: 'Save and go back to the review' }).click()
  await page.getByRole('region', { name: 'Administrators and contacts' }).getByRole('link', { name: /^Change/ }).click()
  await expect(page.getByText('By the limit for this tenant alone it has 150 seats')).toBeVisible()
  await discardDraft(page)
})

test('a template is looked into and compared before it is chosen; the blank one stands last', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants/new')
  const cards = page.getByRole('group', { name: 'Template' }).getByRole('radio')
  await expect(cards.first()).toHaveAccessibleName(/^Baseline, version/)
  await expect(cards.last()).toHaveAccessibleName(/^Blank, version/)
  await page.getByText('Preview contents of Regulated care').click()
  await expect(page.getByText('Second factor: Required, cannot be changed by the tenant')).toBeVisible()
  await expectAccessible(page)
  const compare = page.getByRole('search', { name: 'Templates to compare' })
  await compare.getByLabel('With').selectOption({ label: 'Blank, version 1' })
  await compare.getByRole('button', { name: 'Compare' }).click()
  await expect(page).toHaveURL(/\/templates\/compare\?from=baseline\.\d+&to=blank\.1$/)
})

test('of two windows with one draft, the second sees what the first has saved', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/tenants/new')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/identity$/)
  const other = await page.context().newPage()
  await other.goto(page.url())
  const word = unique()
  await other.getByLabel('Name', { exact: true }).fill(`First ${word}`)
  await other.getByRole('button', { name: 'Continue' }).click()
  await expect(other).toHaveURL(/\/plan$/)
  await page.getByLabel('Name', { exact: true }).fill(`Second ${word}`)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'changed in another window' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'As it was saved meanwhile' })).toContainText(`First ${word}`)
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(`Second ${word}`)
  await expectAccessible(page)
  // Having been told, its reader may replace it.
  await page.getByLabel('Slug (optional)').fill('')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page).toHaveURL(/\/plan$/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`New tenant: Second ${word}`)
  await discardDraft(page)
})

test('what waits for a second person is found in its view and can be cancelled', async ({ as }) => {
  const page = await as('operator')
  const word = unique()
  await answer(page, { name: `Dedicated ${word}`, slug: `dedicated-${word}`, dedicated: true })
  await expect(page.getByText('A second person has to approve it')).toBeVisible()
  await page.getByRole('button', { name: 'Create tenant' }).click()
  await expect(page.getByRole('heading', { name: 'It waits for a second person' })).toBeVisible()
  // What somebody decides on: limits and policies, not a number of a version.
  await expect(page.getByRole('region', { name: 'What was asked for' })).toContainText(/Template\s*Baseline, version \d/)
  await expect(page.getByRole('region', { name: 'Limits on the Professional plan' })).toContainText('Users')
  await expect(page.getByRole('region', { name: /^Policies of Baseline/ })).toContainText('Second factor')
  await expectAccessible(page)
  const address = new URL(page.url()).pathname

  await page.goto('/operations')
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^Awaiting approval/ }).click()
  await expect(page).toHaveURL('/operations?state=requested')
  await page.getByRole('link', { name: `Provision Dedicated ${word}` }).click()
  await expect(page).toHaveURL(address)

  // Who asked cannot approve: the button is there, and says why.
  await page.getByText('What cannot be done now, and why').click()
  const approve = page.getByRole('button', { name: 'Approve' })
  await expect(approve).toHaveAttribute('aria-disabled', 'true')
  await expect(approve).toHaveAccessibleDescription('Whoever asked for it, or made the key that asked, cannot approve it as well.')
  await page.getByLabel('Note (optional)').fill('Not needed after all.')
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'It was called off' })).toBeVisible()
  await page.getByText('What cannot be done now, and why').click()
  await expect(page.getByRole('button', { name: 'Retry' })).toHaveAccessibleDescription(/Only an operation that failed/)

  // Customer success sees it and can do nothing to it.
  const success = await as('success')
  await success.goto('/operations')
  await expect(success.getByRole('heading', { level: 1, name: 'Operations' })).toBeVisible()
  await success.goto(address)
  await expect(success.getByRole('region', { name: 'Steps' })).toBeVisible()
  await expect(success.getByText('What cannot be done now, and why')).toHaveCount(0)
})
