-- ftlint for Neovim 0.7 and later, without plugins: `require` or `dofile` this from init.lua. With
-- Neovim 0.11 `vim.lsp.config` and `vim.lsp.enable` do the same, with nvim-lint see the guide.
local M = {}

M.filetypes = { "yaml", "json", "sh" }

local function root_of(name)
  local folder = vim.fn.fnamemodify(name, ":p:h")
  local here = folder
  while true do
    for _, marker in ipairs({ ".git", "ftlint.toml", "pyproject.toml" }) do
      if vim.loop.fs_stat(here .. "/" .. marker) then
        return here
      end
    end
    local above = vim.fn.fnamemodify(here, ":h")
    if above == here then
      return folder
    end
    here = above
  end
end

function M.start(buffer, settings)
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  local client = vim.lsp.start_client({
    name = "ftlint",
    cmd = M.cmd or { "ftlint", "server" },
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    init_options = settings or M.settings or {},
  })
  if client then
    vim.lsp.buf_attach_client(buffer, client)
  end
  return client
end

function M.setup(options)
  for key, value in pairs(options or {}) do
    M[key] = value
  end
  vim.api.nvim_create_autocmd("FileType", {
    pattern = M.filetypes,
    callback = function(event)
      M.start(event.buf)
    end,
  })
end

return M
