/** The same work without a script: everything is links and forms (J1 to J8). */
import { action, expect, signIn, suspend, test } from '../fixtures/index.ts'

// Everything essential by links and forms alone.
test.use({ javaScriptEnabled: false })

test('the way of an operator without a script', async ({ page, tenant }) => {
  const done = (text: string) => page.getByRole('status').filter({ hasText: text })

  await test.step('signs in', async () => {
    // A session of this test's own: it ends here.
    await signIn(page, 'operator')
    await expect(page).toHaveURL('/overview')
  })

  await test.step('filters the directory and opens a tenant', async () => {
    await page.goto('/tenants')
    await page.getByRole('group').filter({ hasText: /^Status/ }).getByText('Status', { exact: true }).first().click()
    await page.getByRole('checkbox', { name: 'Trial' }).check()
    await page.getByRole('searchbox', { name: 'Search tenants' }).fill(tenant.slug)
    await page.getByRole('button', { name: 'Apply' }).click()
    await expect(page).toHaveURL(`/tenants?q=${tenant.slug}&status=trial`)
    await page.getByRole('link', { name: tenant.name, exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: tenant.name })).toBeVisible()
  })

  await test.step('enables a task and overrides its filters', async () => {
    await page.goto(`/tenants/${tenant.slug}/tasks?state=disabled`)
    await page.getByRole('switch', { name: 'Conversation summarisation' }).click()
    await expect(done('Conversation summarisation is enabled.')).toBeVisible()

    await page.goto(`/tenants/${tenant.slug}/tasks/summary/override`)
    await page.getByRole('group', { name: 'Filters' }).getByRole('radio', { name: 'Override' }).check()
    await page.getByRole('checkbox', { name: 'E-mail' }).uncheck()
    await page.getByRole('textbox', { name: 'Reason' }).fill('Mails are summed up elsewhere.')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('link', { name: /^Overridden settings 1/ })).toBeVisible()
  })

  await test.step('suspends and reinstates it', async () => {
    await page.goto(`/tenants/${tenant.slug}/suspend`)
    await page.getByRole('button', { name: 'Suspend tenant' }).click()
    await expect(page.getByRole('alert')).toContainText('There are 3 problems')

    await suspend(page, tenant.slug, { why: 'Inactivity', scope: 'Blocked', reason: 'Nobody has come for a year.' })
    await expect(done(`${tenant.name} is suspended.`)).toBeVisible()
    await page.getByRole('link', { name: 'Reinstate…' }).first().click()
    await page.getByLabel('Proof that the cause is gone').fill('They called.')
    await page.getByRole('button', { name: 'Reinstate tenant' }).click()
    await expect(page.getByText('Suspended, blocked')).toHaveCount(0)
    await expect(await action(page, 'Suspend…')).toBeVisible()
  })

  await test.step('starts its offboarding by typing its name, and calls it back', async () => {
    await (await action(page, 'Start offboarding…')).click()
    await page.getByRole('radio', { name: /^Contract end/ }).check()
    await page.getByLabel('Reason').fill('Not renewed.')
    await page.getByLabel(`Type ${tenant.slug} to confirm`).fill('something else')
    await page.getByRole('button', { name: 'Start offboarding' }).click()
    await expect(page.getByRole('alert')).toContainText('There is a problem')
    await expect(page.getByRole('radio', { name: /^Contract end/ })).toBeChecked()
    await expect(page.getByLabel('Reason')).toHaveValue('Not renewed.')

    await page.getByLabel(`Type ${tenant.slug} to confirm`).fill(tenant.slug)
    await page.getByRole('button', { name: 'Start offboarding' }).click()
    await expect(page.getByText('Offboarding, 30 days left')).toBeVisible()
    await page.goto(`/tenants/${tenant.slug}/offboarding`)
    await expect(page.getByRole('region', { name: 'Offboarding runbook' })).toBeVisible()
    await page.getByRole('region', { name: 'Call it back' }).getByLabel('Reason').fill('They renewed after all.')
    await page.getByRole('button', { name: 'Cancel offboarding' }).click()
    await expect(done('is cancelled')).toBeVisible()
    await expect(await action(page, 'Start offboarding…')).toBeVisible()
  })

  await test.step('chooses a theme and signs out', async () => {
    await page.goto('/me/preferences')
    await page.getByRole('radio', { name: 'Dark' }).check()
    await page.getByRole('button', { name: 'Save preferences' }).click()
    await expect(done('Your preferences are saved')).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')

    await page.getByRole('banner').getByLabel(/^Account: /).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
    // What was open is shut.
    await page.goto(`/tenants/${tenant.slug}`)
    await expect(page).toHaveURL(/\/sign-in\?/)
    await expect(page.getByText(tenant.name)).toHaveCount(0)
  })
})
