/** AI tasks on a tenant: switches with Undo, overrides with compare and revert, two people at one form. */
import { credentials, expect, test } from '../fixtures/index.ts'

// The demo fleet has one tenant admin; so these go one after the other on that tenant, and leave it as it was.
test.describe.serial('a tenant’s admin works on AI tasks', () => {
  // Read when a test runs: the server writes it.
  const own = () => `/tenants/${credentials('tenant_admin').tenant}`
  const tasks = () => `${own()}/tasks`
  const task = 'CSAT scoring'

  test('disables one, takes that back, and disables and enables it by its switch', async ({ as }) => {
    const page = await as('tenant_admin')
    const done = (text: string) => page.getByRole('status').filter({ hasText: text })
    await page.goto(`${tasks()}?state=all`)
    const toggle = page.getByRole('switch', { name: task })
    // A run that was broken off may have left it off.
    if (!(await toggle.isChecked())) await toggle.click()
    await expect(toggle).toBeChecked()

    await toggle.click()
    await expect(done(`${task} is disabled.`)).toBeVisible()
    await expect(toggle).not.toBeChecked()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(done(`${task} is enabled.`)).toBeVisible()
    await expect(toggle).toBeChecked()

    await toggle.click()
    await page.getByRole('link', { name: /^Disabled \d/ }).click()
    await expect(page.getByRole('article', { name: task })).toBeVisible()
    await page.getByRole('switch', { name: task }).click()
    await expect(page.getByRole('article', { name: task })).toHaveCount(0)
  })

  test('overrides its filters, compares, and reverts', async ({ as }) => {
    const page = await as('tenant_admin')
    await page.goto(`${tasks()}/csat`)
    if (await page.getByRole('link', { name: 'Revert…' }).isVisible()) {
      await page.getByRole('link', { name: 'Revert…' }).click()
      await page.getByRole('button', { name: 'Revert to the global default' }).click()
    }
    await expect(page.getByRole('link', { name: /^Overridden settings/ })).toHaveCount(0)
    await page.getByRole('link', { name: 'Edit', exact: true }).click()
    const filters = page.getByRole('group', { name: 'Filters' })
    await filters.getByRole('radio', { name: 'Override' }).check()
    await filters.getByLabel('Least turns (optional)').fill('7')
    await filters.getByLabel('Languages (optional)').fill('en, nl')
    await page.getByRole('textbox', { name: 'Reason' }).fill('Short talks tell little.')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('link', { name: /^Overridden settings 2/ })).toBeVisible()

    await page.getByRole('link', { name: /^Overridden settings 2/ }).click()
    const table = page.getByRole('table', { name: 'Settings that this tenant overrides' })
    await expect(table.getByRole('row', { name: /^Least turns/ })).toContainText(/default: .*now: At least 7 turns/)
    await expect(table.getByRole('row', { name: /^Languages/ })).toContainText(/now: en, nl/)

    await page.getByRole('link', { name: 'Revert…' }).click()
    await expect(page.getByText(/^Least turns: “.*” becomes “.*”\.$/)).toBeVisible()
    await page.getByRole('button', { name: 'Revert to the global default' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'Reverted.' })).toBeVisible()
    await expect(page.getByRole('link', { name: /^Overridden settings/ })).toHaveCount(0)

    await page.goto(`${own()}/audit`)
    await expect(page.getByRole('row').filter({ hasText: 'task.revert' }).first()).toBeVisible()
  })

  test('two people with the same form: the second is told what the first saved', async ({ as }) => {
    const [mine, theirs] = [await as('tenant_admin'), await as('operator')]
    for (const page of [mine, theirs]) {
      await page.goto(`${tasks()}/csat/override`)
      await page.getByRole('group', { name: 'Filters' }).getByRole('radio', { name: 'Override' }).check()
    }
    await theirs.getByLabel('Least turns (optional)').fill('5')
    await theirs.getByRole('textbox', { name: 'Reason' }).fill('Asked for on the phone.')
    await theirs.getByRole('button', { name: 'Save' }).click()
    await expect(theirs.getByRole('link', { name: /^Overridden settings 1/ })).toBeVisible()

    await mine.getByLabel('Least turns (optional)').fill('9')
    await mine.getByRole('textbox', { name: 'Reason' }).fill('Mine.')
    await mine.getByRole('button', { name: 'Save' }).click()
    await expect(mine.getByText(/saved this in the meantime/)).toBeVisible()
    await expect(mine.getByText('Asked for on the phone.').first()).toBeVisible()
    await expect(mine.getByLabel('Least turns (optional)')).toHaveValue('9')

    await mine.goto(`${tasks()}/csat/revert`)
    await mine.getByRole('button', { name: 'Revert to the global default' }).click()
    await expect(mine.getByRole('link', { name: /^Overridden settings/ })).toHaveCount(0)
  })
})

test('the tasks of another tenant are not there', async ({ as, tenant }) => {
  const page = await as('tenant_admin')
  for (const path of ['tasks', 'tasks/csat', 'tasks/csat/override', 'tasks/csat/compare', 'tasks/csat/revert', 'fields']) {
    expect((await page.goto(`/tenants/${tenant.slug}/${path}`))?.status(), path).toBe(404)
  }
})

test('customer success reads tasks and changes none', async ({ as, tenant }) => {
  const page = await as('success')
  await page.goto(`/tenants/${tenant.slug}/tasks?state=all`)
  await expect(page.getByRole('article')).toHaveCount(4)
  await expect(page.getByRole('switch')).toHaveCount(0)
  await expect(page.getByRole('link', { name: /^Edit/ })).toHaveCount(0)
})

test('a search and a category narrow the list, and the tabs count what is left', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/tasks?state=all`)
  await page.getByRole('searchbox', { name: 'Search tasks' }).fill('csat')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByRole('article')).toHaveCount(1)
  await expect(page.getByRole('navigation', { name: 'Tasks by state' }).getByRole('link', { name: /^All 1/ })).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search tasks' }).fill('zzzz')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByText('No task matches')).toBeVisible()
  await page.getByRole('link', { name: 'Clear all filters' }).click()
  await expect(page.getByRole('article')).toHaveCount(4)
  await page.goto(`/tenants/${tenant.slug}/tasks?state=call-555`)
  await expect(page.getByRole('main')).not.toContainText(/call-555/i)
})
