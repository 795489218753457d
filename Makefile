.PHONY: demo test setup
setup:
	@bash resources/setup/install
