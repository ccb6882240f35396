#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <sstream>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double by) override { counter_.Increment(by); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

// From an answer out of the snapshot (50 us) to the longest run most servers allow.
const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3,
    0.1,   0.25,   0.5,    1,      2.5,  5,      10,   30,    60};

const prometheus::Histogram::BucketBoundaries kBytesBuckets = {
    256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20};

const prometheus::Histogram::BucketBoundaries kCountBuckets = {1,  2,   4,   8,   16,   32,
                                                               64, 128, 256, 512, 1024, 4096};

// The unit is the last word of the name, as Prometheus wants it.
const prometheus::Histogram::BucketBoundaries& buckets_for(std::string_view name) {
  if (name.ends_with("_seconds")) return kSecondsBuckets;
  if (name.ends_with("_bytes")) return kBytesBuckets;
  return kCountBuckets;
}

template <class Instrument>
using Instruments = std::map<std::pair<std::string, Labels>, std::unique_ptr<Instrument>>;

}  // namespace

struct Metrics::Impl {
  // Finds the instrument, or makes it with `add`.
  template <class Instrument, class Add>
  Instrument& get(Instruments<Instrument>& instruments, const std::string& name,
                  const Labels& labels, Add add) {
    std::lock_guard lock(mutex);
    std::unique_ptr<Instrument>& place = instruments[{name, labels}];
    if (!place) place = add();
    return *place;
  }

  prometheus::Registry registry;
  std::mutex mutex;  // guards the maps, not the instruments
  Instruments<Counter> counters;
  Instruments<Gauge> gauges;
  Instruments<Histogram> histograms;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return impl_->get(impl_->counters, name, labels, [&] {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
    return std::make_unique<PrometheusCounter>(family.Add(labels));
  });
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return impl_->get(impl_->gauges, name, labels, [&] {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
    return std::make_unique<PrometheusGauge>(family.Add(labels));
  });
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const Labels& labels) {
  return impl_->get(impl_->histograms, name, labels, [&] {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
    return std::make_unique<PrometheusHistogram>(family.Add(labels, buckets_for(name)));
  });
}

std::string Metrics::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return std::move(out).str();
}

}  // namespace sluice
