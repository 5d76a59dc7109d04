# For fingers used to make; everything is done by ./dev.
.PHONY: demo test services check bench
demo test services check bench:
	./dev $@
